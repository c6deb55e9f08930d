// Adds two vectors on the GPU and compares the sums with those of the processor. Arguments: the target's CUDA, and its compute capabilities.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

constexpr int count = 1 << 20;

__global__ void add(const float *a, const float *b, float *sum) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) sum[i] = a[i] + b[i];
}

static void check(cudaError_t status, const char *what) {
  if (status == cudaSuccess) return;
  fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(status));
  exit(1);
}

static float *on_gpu(const std::vector<float> &values) {
  float *memory;
  check(cudaMalloc(&memory, count * sizeof(float)), "cudaMalloc");
  check(cudaMemcpy(memory, values.data(), count * sizeof(float), cudaMemcpyHostToDevice), "cudaMemcpy");
  return memory;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  cudaDeviceProp gpu;
  int driver, runtime;
  check(cudaGetDeviceProperties(&gpu, 0), "cudaGetDeviceProperties");
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  printf("%s, compute capability %d.%d, driver for CUDA %d.%d, runtime of CUDA %d.%d\n", gpu.name, gpu.major, gpu.minor,
         driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);

  const std::string version = std::to_string(runtime / 1000) + "." + std::to_string(runtime % 1000 / 10);
  if (version != argv[1]) {
    fprintf(stderr, "the runtime is of CUDA %s, the target has %s\n", version.c_str(), argv[1]);
    return 1;
  }
  const std::string capability = std::to_string(gpu.major) + std::to_string(gpu.minor);
  if ((";" + std::string(argv[2]) + ";").find(";" + capability + ";") == std::string::npos) {
    fprintf(stderr, "the GPU has compute capability %s, the target has %s\n", capability.c_str(), argv[2]);
    return 1;
  }

  std::vector<float> a(count), b(count), sum(count, -1);
  for (int i = 0; i < count; i++) {
    a[i] = static_cast<float>(i);
    b[i] = static_cast<float>(rand() % 1000) / 8;
  }
  float *a_gpu = on_gpu(a), *b_gpu = on_gpu(b), *sum_gpu = on_gpu(sum);
  add<<<(count + 255) / 256, 256>>>(a_gpu, b_gpu, sum_gpu);
  check(cudaGetLastError(), "the launch");
  check(cudaDeviceSynchronize(), "the kernel");
  check(cudaMemcpy(sum.data(), sum_gpu, count * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpy");

  for (int i = 0; i < count; i++) {
    if (sum[i] == a[i] + b[i]) continue;
    fprintf(stderr, "element %d is %g, not %g\n", i, sum[i], a[i] + b[i]);
    return 1;
  }
  printf("%d right sums\n", count);
}
