# The embedded server in CARLA's place: takes CARLA's command line, answers CARLA's clients, needs no GPU.
#   docker build --tag a2d-driving-server:0.1.0 --file docker/server.Dockerfile .
ARG BASE=debian:bookworm-20250407-slim
FROM ${BASE} AS build
# Debian keeps one version of a package at a time; what pins them is the base image's date
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv
COPY docker/server.txt /tmp/
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --requirement /tmp/server.txt
COPY . /src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /src \
    && /opt/venv/bin/pip uninstall --yes pip

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home carla \
    && install --directory --mode 1777 /opt/kernels
COPY --from=build /opt/venv /opt/venv
COPY docker/CarlaUE4.sh /home/carla/
ENV PATH=/opt/venv/bin:$PATH NUMBA_CACHE_DIR=/opt/kernels OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1 USER=carla
USER 1000
WORKDIR /home/carla
# kernels compiled for this processor; another one compiles them again when it starts
RUN python3 -c "from driving.server.warming import warm_up; warm_up()"
EXPOSE 2000 2001 2002
CMD ["bash", "CarlaUE4.sh"]
