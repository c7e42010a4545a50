# Trains, evaluates and records against a server that runs elsewhere, or against the embedded one within.
#   docker build --tag a2d-driving-trainer:0.1.0 --file docker/trainer.Dockerfile .
ARG BASE=debian:bookworm-20250407-slim
FROM ${BASE} AS build
# Debian keeps one version of a package at a time; what pins them is the base image's date
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv
COPY docker/server.txt docker/trainer.txt /tmp/
# torch without CUDA is a tenth of the size, and all that these pins are complete for
ARG TORCH=https://download.pytorch.org/whl/cpu
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --extra-index-url "${TORCH}" \
    --requirement /tmp/server.txt --requirement /tmp/trainer.txt
COPY . /src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /src \
    && /opt/venv/bin/pip uninstall --yes pip

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home driver \
    && install --directory --mode 1777 /opt/kernels /runs
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH NUMBA_CACHE_DIR=/opt/kernels OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1 \
    USER=driver HOME=/tmp MPLCONFIGDIR=/tmp
USER 1000
WORKDIR /
VOLUME /runs
CMD ["a2d", "--help"]
