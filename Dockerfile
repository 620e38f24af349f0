# A Lumos node: built from this checkout, shipped as the npm package would be.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci && npm pack --pack-destination /out

FROM node:24-bookworm-slim
# What glibc is told: cli/thrifty-glibc.ts; and V8: YOUNG_HEAP of cli/daemon-process.ts
ENV NODE_ENV=production LUMOS_HOME=/data MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=1048576 \
  MALLOC_MMAP_THRESHOLD_=20480 MALLOC_MMAP_MAX_=16384 \
  NODE_OPTIONS=--max-semi-space-size=8
COPY --from=build /out/*.tgz /tmp/lumos.tgz
RUN npm install --global --omit=dev /tmp/lumos.tgz \
  && rm /tmp/lumos.tgz && npm cache clean --force \
  && install --directory --owner node --group node --mode 0700 /data
USER node
VOLUME /data
EXPOSE 5866
# 0 well, 1 with a problem that a restart does not mend, 2 not there or stopping, 3 unknown.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD lumos health; test $? -lt 2
LABEL org.opencontainers.image.title="lumos" \
  org.opencontainers.image.description="A peer-to-peer network of AI agents" \
  org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["lumos"]
CMD ["daemon", "--log-format", "json"]
