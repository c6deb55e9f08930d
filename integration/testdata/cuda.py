#!/usr/bin/env python3
"""Has the GPU compute something through the CUDA driver alone: no toolkit, no compiler, no package is needed."""
import ctypes

COUNT = 1024

# Writes the square of each thread's index. The driver compiles it for whichever GPU there is.
KERNEL = b"""
.version 6.4
.target sm_50
.address_size 64
.visible .entry squares(.param .u64 results) {
    .reg .u32 index, square;
    .reg .u64 address, offset;
    ld.param.u64 address, [results];
    cvta.to.global.u64 address, address;
    mov.u32 index, %tid.x;
    mul.lo.u32 square, index, index;
    mul.wide.u32 offset, index, 4;
    add.u64 address, address, offset;
    st.global.u32 [address], square;
    ret;
}
"""

driver = ctypes.CDLL("libcuda.so.1")


def call(name, *args):
    """Calls a function of the driver, and raises an error with the driver's own words unless it succeeds."""
    status = getattr(driver, name)(*args)
    if status != 0:
        text = ctypes.c_char_p()
        driver.cuGetErrorString(status, ctypes.byref(text))
        raise RuntimeError(f"{name}: {(text.value or b'unknown error').decode()} ({status})")


call("cuInit", 0)
version, device, name = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(256)
call("cuDriverGetVersion", ctypes.byref(version))
call("cuDeviceGet", ctypes.byref(device), 0)
call("cuDeviceGetName", name, len(name), device)
print(f"{name.value.decode()}, driver for CUDA {version.value // 1000}.{version.value % 1000 // 10}")

context, module, kernel = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
call("cuCtxSetCurrent", context)
call("cuModuleLoadData", ctypes.byref(module), KERNEL)
call("cuModuleGetFunction", ctypes.byref(kernel), module, b"squares")

results, memory = (ctypes.c_uint32 * COUNT)(), ctypes.c_uint64()
call("cuMemAlloc_v2", ctypes.byref(memory), ctypes.c_size_t(ctypes.sizeof(results)))
arguments = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(memory), ctypes.c_void_p))
one, none = ctypes.c_uint(1), ctypes.c_void_p()
call("cuLaunchKernel", kernel, one, one, one, ctypes.c_uint(COUNT), one, one, ctypes.c_uint(0), none, arguments, none)
call("cuCtxSynchronize")
call("cuMemcpyDtoH_v2", results, memory, ctypes.c_size_t(ctypes.sizeof(results)))

assert list(results) == [i * i for i in range(COUNT)], "the kernel computed something else"
print(f"the kernel computed {COUNT} right results")
