# ecsail in a container, without a shell and without root:
#
#   docker build --tag ecsail .
#   docker run --rm --volume "$PWD:/work" --env AWS_PROFILE --volume "$HOME/.aws:/home/nonroot/.aws:ro" ecsail plan --tag v2
#
# For pipelines whose jobs run in the image, which need a shell in it: docker build --target shell --tag ecsail:shell .
#
# `ecsail exec` needs AWS's session-manager-plugin, which is not in these images: it has a licence and a release of its own.
FROM rust:1-slim-trixie AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package ecsail

FROM debian:trixie-slim AS shell
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 65532 nonroot
COPY --from=build /src/target/dist/ecsail /usr/local/bin/ecsail
USER 65532
WORKDIR /work
CMD ["ecsail", "--help"]

# The last stage is the default. It has glibc, libgcc, CA certificates, time zones, and the user `nonroot`.
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /src/target/dist/ecsail /usr/local/bin/ecsail
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/ecsail"]
CMD ["--help"]
