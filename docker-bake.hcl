# How jetkit's own image is built. `docker buildx bake --list=targets` shows what there is.

variable "REGISTRY" {
  default     = "jetkit"
  description = "Image name without the tag: registry, folder and name."
}

variable "TAG" {
  default     = "dev"
  description = "Image tag."
}

variable "FRONTEND_OUT" {
  default     = ".cache/frontend"
  description = "Folder with frontends compiled on the host, one folder per platform (frontend-local)."
}

group "default" {
  targets = ["frontend"]
}

target "_frontend" {
  dockerfile = "Dockerfile"
  tags       = ["${REGISTRY}:${TAG}"]
  labels = {
    "org.opencontainers.image.title"       = "jetkit"
    "org.opencontainers.image.description" = "BuildKit frontend that builds a jetson.yaml: packages, their dependencies and their tests as one graph."
    "org.opencontainers.image.version"     = TAG
  }
}

target "frontend" {
  inherits    = ["_frontend"]
  description = "The frontend image for every platform builders run on, compiled in the public Go image."
  platforms   = ["linux/amd64", "linux/arm64"]
}

target "frontend-local" {
  inherits    = ["_frontend"]
  description = "The frontend image around binaries compiled on the host; pulls nothing (make frontend-image)."
  contexts = {
    build = FRONTEND_OUT
  }
}
