// Convolves an image with cuDNN on the GPU and compares the result with the processor's. Argument: the target's cuDNN.
#include <cudnn.h>

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

// Shapes of the image, of the filters, and of what comes out: a border of one keeps the size.
constexpr int channels = 3, filters = 4, size = 32, taps = 3;

static float *on_gpu(const std::vector<float> &values) {
  float *memory;
  check(cudaMalloc(&memory, values.size() * sizeof(float)), "cudaMalloc");
  check(cudaMemcpy(memory, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice), "cudaMemcpy");
  return memory;
}

// One value of the result, by the processor.
static float expected(const std::vector<float> &x, const std::vector<float> &w, int f, int row, int column) {
  float sum = 0;
  for (int c = 0; c < channels; c++)
    for (int i = 0; i < taps; i++)
      for (int j = 0; j < taps; j++) {
        const int y = row + i - 1, z = column + j - 1;
        if (y < 0 || z < 0 || y >= size || z >= size) continue;
        sum += x[(c * size + y) * size + z] * w[((f * channels + c) * taps + i) * taps + j];
      }
  return sum;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  // The library says 8600 for 8.6.0 and 90300 for 9.3.0.
  const size_t loaded = cudnnGetVersion();
  const size_t step = loaded >= 90000 ? 10000 : 1000;
  const std::string version = std::to_string(loaded / step) + "." + std::to_string(loaded % step / 100);
  printf("cuDNN %s\n", version.c_str());
  if ((std::string(argv[1]) + ".").compare(0, version.size() + 1, version + ".") != 0) {
    fprintf(stderr, "cuDNN %s is loaded, the target has %s\n", version.c_str(), argv[1]);
    return 1;
  }

  // Small whole numbers: every sum is exact, also where the GPU rounds factors to fewer bits.
  std::vector<float> x(channels * size * size), w(filters * channels * taps * taps), y(filters * size * size, -1);
  for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<float>(i % 17) - 8;
  for (size_t i = 0; i < w.size(); i++) w[i] = static_cast<float>(i % 5) - 2;
  float *x_gpu = on_gpu(x), *w_gpu = on_gpu(w), *y_gpu = on_gpu(y);

  cudnnHandle_t handle;
  cudnnTensorDescriptor_t image, result;
  cudnnFilterDescriptor_t filter;
  cudnnConvolutionDescriptor_t convolution;
  check(cudnnCreate(&handle), "cudnnCreate");
  check(cudnnCreateTensorDescriptor(&image), "cudnnCreateTensorDescriptor");
  check(cudnnCreateTensorDescriptor(&result), "cudnnCreateTensorDescriptor");
  check(cudnnCreateFilterDescriptor(&filter), "cudnnCreateFilterDescriptor");
  check(cudnnCreateConvolutionDescriptor(&convolution), "cudnnCreateConvolutionDescriptor");
  check(cudnnSetTensor4dDescriptor(image, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, channels, size, size), "cudnnSetTensor4dDescriptor");
  check(cudnnSetTensor4dDescriptor(result, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, filters, size, size), "cudnnSetTensor4dDescriptor");
  check(cudnnSetFilter4dDescriptor(filter, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, filters, channels, taps, taps), "cudnnSetFilter4dDescriptor");
  check(cudnnSetConvolution2dDescriptor(convolution, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");

  const cudnnConvolutionFwdAlgo_t algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
  size_t bytes = 0;
  void *workspace = nullptr;
  check(cudnnGetConvolutionForwardWorkspaceSize(handle, image, filter, convolution, result, algorithm, &bytes),
        "cudnnGetConvolutionForwardWorkspaceSize");
  if (bytes > 0) check(cudaMalloc(&workspace, bytes), "cudaMalloc");
  const float one = 1, zero = 0;
  check(cudnnConvolutionForward(handle, &one, image, x_gpu, filter, w_gpu, convolution, algorithm, workspace, bytes, &zero, result, y_gpu),
        "cudnnConvolutionForward");
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  check(cudaMemcpy(y.data(), y_gpu, y.size() * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpy");

  for (int f = 0; f < filters; f++)
    for (int row = 0; row < size; row++)
      for (int column = 0; column < size; column++) {
        const float got = y[(f * size + row) * size + column], want = expected(x, w, f, row, column);
        if (got == want) continue;
        fprintf(stderr, "filter %d, row %d, column %d: %g, not %g\n", f, row, column, got, want);
        return 1;
      }
  printf("%zu right values\n", y.size());
}
