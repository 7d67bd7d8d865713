# A p2pchat directory. Build: docker build -t p2pchat .   (or podman build)
# Run:  docker run -d --name directory -p 4000:4000/tcp -p 4000:4000/udp -v p2pchat:/data p2pchat
# Link: docker logs directory, or: docker exec directory p2pchat directory status --data /data
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm run build && mkdir /out && npm pack --ignore-scripts --pack-destination /out

FROM node:20-bookworm-slim
COPY --from=build /out/p2pchat-*.tgz /tmp/p2pchat.tgz
RUN npm install --global --no-progress --ignore-scripts /tmp/p2pchat.tgz \
  && rm -r /tmp/p2pchat.tgz /root/.npm \
  && install -d -m 0700 -o node -g node /data
USER node
VOLUME /data
EXPOSE 4000/tcp 4000/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Further options, and a file of them, come behind the image's name: ... p2pchat --registration invite
ENTRYPOINT ["p2pchat", "directory", "start", "--data", "/data", "--listen", "0.0.0.0:4000", "--metrics", "127.0.0.1:9464", "--log", "-"]
