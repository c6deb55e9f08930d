# The image behind `# syntax=REGISTRY/jetkit:TAG`: jetkit's gateway frontend and nothing else.
# docker-bake.hcl builds it: `make frontend-image`, or `docker buildx bake frontend` on a machine with public registries.
# docs/supply-chain.md tells what is attached to it.

# The stage puts one binary per platform into a folder of its own, /linux_arm64 say. A named context `build` with the
# same folders takes the stage's place where the Go image can't be pulled; then this stage and its FROM are never read.
# The digest is that of the image for all platforms; `docker buildx imagetools inspect golang:1.26.8` prints the present one.
FROM --platform=$BUILDPLATFORM golang:1.26.8@sha256:3c3e25a4da13fd0478eed2df1eb35a0e667094a7124d3993a6a1d30f71c17e79 AS build
WORKDIR /src
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=bind,target=. \
    --mount=type=cache,target=/root/.cache/go-build \
    --mount=type=cache,target=/go/pkg/mod \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w" \
    -o /${TARGETOS}_${TARGETARCH}/jetkit-frontend ./cmd/frontend

FROM scratch
# BuildKit runs the frontend without a network when it says that it needs none, and buildx offers a frontend only the
# inputs, subrequests and named contexts that it says it understands.
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd"
ARG TARGETOS
ARG TARGETARCH
COPY --from=build /${TARGETOS}_${TARGETARCH}/jetkit-frontend /bin/jetkit-frontend
ENTRYPOINT ["/bin/jetkit-frontend"]
