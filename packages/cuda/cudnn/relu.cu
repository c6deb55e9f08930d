// Computes max(0, x) with cuDNN and compares it with the processor's. Argument: the target's cuDNN.
#include <cudnn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

static void check(cudnnStatus_t status, const char *what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  fprintf(stderr, "%s: %s\n", what, cudnnGetErrorString(status));
  exit(1);
}

static void check(cudaError_t status, const char *what) {
  if (status == cudaSuccess) return;
  fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(status));
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  // The library says 8600 for 8.6.0 and 90300 for 9.3.0.
  const size_t loaded = cudnnGetVersion();
  const size_t step = loaded >= 90000 ? 10000 : 1000;
  const std::string version = std::to_string(loaded / step) + "." + std::to_string(loaded % step / 100);
  printf("cuDNN %s\n", version.c_str());
  const std::string wanted = argv[1];
  if (wanted.compare(0, version.size(), version) != 0) {
    fprintf(stderr, "cuDNN %s is loaded, the target has %s\n", version.c_str(), argv[1]);
    return 1;
  }

  const int count = 4096;
  std::vector<float> x(count), y(count, -1);
  for (int i = 0; i < count; i++) x[i] = static_cast<float>(i % 17 - 8);
  float *x_gpu, *y_gpu;
  check(cudaMalloc(&x_gpu, count * sizeof(float)), "cudaMalloc");
  check(cudaMalloc(&y_gpu, count * sizeof(float)), "cudaMalloc");
  check(cudaMemcpy(x_gpu, x.data(), count * sizeof(float), cudaMemcpyHostToDevice), "cudaMemcpy");

  cudnnHandle_t handle;
  cudnnTensorDescriptor_t shape;
  cudnnActivationDescriptor_t relu;
  check(cudnnCreate(&handle), "cudnnCreate");
  check(cudnnCreateTensorDescriptor(&shape), "cudnnCreateTensorDescriptor");
  check(cudnnSetTensor4dDescriptor(shape, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 1, 64, 64), "cudnnSetTensor4dDescriptor");
  check(cudnnCreateActivationDescriptor(&relu), "cudnnCreateActivationDescriptor");
  check(cudnnSetActivationDescriptor(relu, CUDNN_ACTIVATION_RELU, CUDNN_NOT_PROPAGATE_NAN, 0), "cudnnSetActivationDescriptor");
  const float one = 1, zero = 0;
  check(cudnnActivationForward(handle, relu, &one, shape, x_gpu, &zero, shape, y_gpu), "cudnnActivationForward");
  check(cudaMemcpy(y.data(), y_gpu, count * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpy");

  for (int i = 0; i < count; i++) {
    if (y[i] == std::max(0.0f, x[i])) continue;
    fprintf(stderr, "element %d is %g, not %g\n", i, y[i], std::max(0.0f, x[i]));
    return 1;
  }
  printf("%d right values\n", count);
}
