# syntax=docker/dockerfile:1
# The mock server in a container; docs/containers.md tells how to use it.

FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
# Into an environment of its own, which is all that the image below takes over: no pip cache, no sources.
RUN python -m venv --without-pip /opt/dbcontract \
    && pip --python /opt/dbcontract/bin/python install --no-cache-dir .

FROM python:3.13-slim
# A fixed number, so that a volume can be given to it; /data is where sandboxes and data files may lie.
RUN groupadd --gid 10001 dbcontract \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin dbcontract \
    && install --directory --owner dbcontract --group dbcontract /data
COPY --from=build /opt/dbcontract /opt/dbcontract
ENV PATH="/opt/dbcontract/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
EXPOSE 5323
# Asked from inside, so it needs no control token. A server with --no-control has no health to tell of.
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5323/_mock/health', timeout=2)"]
ENTRYPOINT ["dbcontract"]
CMD ["serve", "--host", "0.0.0.0"]
