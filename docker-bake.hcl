# How jetkit's own image and releases are built. `docker buildx bake --list=targets` shows what there is.

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

variable "SBOM_GENERATOR" {
  default     = ""
  description = "Image of the scanner that writes the SBOM of the frontend image; without it BuildKit's own (frontend) or no SBOM (frontend-local)."
}

variable "VERSION" {
  default     = "0.0.0-dev"
  description = "Version of a release, without a v."
  validation {
    condition     = can(regex("^[0-9][0-9A-Za-z.+~-]*$", VERSION))
    error_message = "VERSION becomes part of names of files: write it as in 1.2.3 or 1.2.3-rc.1."
  }
}

variable "SOURCE_DATE_EPOCH" {
  default     = "0"
  description = "Time of a release's files, in seconds: git log -1 --format=%ct"
}

variable "RELEASE_OUT" {
  default     = ".cache/release"
  description = "Folder for the files of a release."
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
  attest      = ["type=provenance,mode=max", SBOM_GENERATOR == "" ? "type=sbom" : "type=sbom,generator=${SBOM_GENERATOR}"]
}

target "frontend-local" {
  inherits    = ["_frontend"]
  description = "The frontend image around binaries compiled on the host; pulls nothing (make frontend-image)."
  attest      = concat(["type=provenance,mode=max"], SBOM_GENERATOR == "" ? [] : ["type=sbom,generator=${SBOM_GENERATOR}"])
  contexts = {
    build = FRONTEND_OUT
  }
}

target "release" {
  description = "Archives and Debian packages of the command line tool for amd64 and arm64, compiled in the public Go image."
  dockerfile  = "release/Dockerfile"
  args = {
    VERSION           = VERSION
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
  output = ["type=local,dest=${RELEASE_OUT}"]
}
