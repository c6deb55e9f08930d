# Builds the images of these folders for several JetPack releases, with one registry cache per image and branch.
#
#   docker buildx bake --print                          what would be built
#   docker buildx bake                                  compile everything and run the tests that need no GPU
#   docker buildx bake gpu-test --allow device --push   run the GPU tests too, and push what passes them
#
# Copy it, and change the folders, the two lists at the beginning and REGISTRY. ../docs/bake.md explains it line by line.

variable "JETPACKS" {
  type        = list(string)
  default     = ["6.2", "7.0"]
  description = "JetPack releases to build for."
}

variable "APPS" {
  # have: what the stack holds already, and an application must not install again.
  default = [
    { name = "robot-arm", packages = "./arm-kinematics", have = "cmake ninja numpy" },
    { name = "gpu-check", packages = "./gpu-check", have = "python" },
  ]
  description = "Folders with a jetson.yaml whose packages go on the stack."
}

variable "REGISTRY" {
  default     = "registry.example.com/robots"
  description = "Where images and caches go: host and folder."
}

variable "TAG" {
  default     = "dev"
  description = "Image tag; the JetPack release is put in front."
}

variable "BRANCH" {
  default     = "main"
  description = "Whose cache is written. The cache of main is read after it."
  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]+$", BRANCH))
    error_message = "BRANCH becomes part of a tag: replace what is neither letter, digit, '.', '_' nor '-'."
  }
}

variable "CACHE_WRITE" {
  type        = bool
  default     = false
  description = "Whether to write the caches. Reading needs no permission, writing does."
}

variable "COMPRESSION" {
  default     = "gzip"
  description = "How layers are packed, in images and caches: gzip, zstd, estargz, uncompressed."
}

variable "PLATFORM" {
  default     = "linux/arm64"
  description = "The boards' platform."
}

variable "NETWORK" {
  default     = ""
  description = "host: steps use the builder's network. It needs --allow network.host."
}

variable "EPOCH" {
  default     = ""
  description = "Any text. A new one, such as the date, runs the GPU tests again."
}

# A target's name may hold no dot.
function "jp" {
  params = [jetpack]
  result = "jp${replace(jetpack, ".", "-")}"
}

function "cache" {
  params = [image, branch]
  result = { type = "registry", ref = "${REGISTRY}/cache:${image}-${branch}" }
}

function "cache_from" {
  params = [image]
  result = BRANCH == "main" ? [cache(image, "main")] : [cache(image, BRANCH), cache(image, "main")]
}

function "cache_to" {
  params = [image]
  result = CACHE_WRITE ? [merge(cache(image, BRANCH), {
    mode         = "max" # all steps and passed tests, not only the final layers
    compression  = COMPRESSION
    ignore-error = "true" # a registry that fails costs the next build time, and not this build
  })] : []
}

group "default" {
  targets = ["stack", "app"]
}

target "_jetson" {
  dockerfile = "jetson.yaml"
  platforms  = [PLATFORM]
  network    = NETWORK == "" ? null : NETWORK
}

# The packages that all applications share, built and tested once for each release.
target "stack" {
  description = "The packages that all applications share."
  name        = "stack-${jp(jetpack)}"
  matrix      = { jetpack = JETPACKS }
  inherits    = ["_jetson"]
  context     = "stack"
  args = {
    JETPACK_VERSION = jetpack
    TEST_GPU        = "skip"
  }
  cache-from = cache_from("stack-${jp(jetpack)}")
  cache-to   = cache_to("stack-${jp(jetpack)}")
  output     = ["type=cacheonly"]
}

# Every application on every stack. Its base image is what the stack's target makes: no registry in between.
target "app" {
  description = "Every application on every stack; tests that need a GPU are left out."
  name        = "${app.name}-${jp(jetpack)}"
  matrix      = { app = APPS, jetpack = JETPACKS }
  inherits    = ["_jetson"]
  context     = app.name
  contexts    = { base = "target:stack-${jp(jetpack)}" }
  args = {
    JETPACK_VERSION = jetpack
    PACKAGES        = app.packages
    SKIP_PACKAGES   = app.have
    TEST_GPU        = "skip"
  }
  cache-from = cache_from("${app.name}-${jp(jetpack)}")
  cache-to   = cache_to("${app.name}-${jp(jetpack)}")
  output     = ["type=cacheonly"]
}

# The same images, with the tests that need a GPU. On a Jetson, or any builder with the CDI device nvidia.com/gpu=all.
target "gpu-test" {
  description  = "Every application with its GPU tests; this is what gets pushed."
  name         = "${app.name}-${jp(jetpack)}-gpu"
  matrix       = { app = APPS, jetpack = JETPACKS }
  inherits     = ["${app.name}-${jp(jetpack)}"]
  entitlements = ["device"]
  args = {
    TEST_GPU   = "cdi"
    TEST_EPOCH = EPOCH
  }
  cache-from = cache_from("${app.name}-${jp(jetpack)}-gpu") # beside those inherited
  cache-to   = cache_to("${app.name}-${jp(jetpack)}-gpu")
  tags       = ["${REGISTRY}/${app.name}:${jp(jetpack)}-${TAG}"]
  output     = ["type=image,compression=${COMPRESSION}"]
}
