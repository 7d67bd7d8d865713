# A p2pchat directory, from the archive that `npm run package` makes: no Node image, no registry.
# Build: npm run package && docker build -t p2pchat .   (or podman build; for arm64 say: npm run package -- --arch arm64)
# Run:  docker run -d --name directory -p 4000:4000/tcp -p 4000:4000/udp -v p2pchat:/data p2pchat
# Link: docker logs directory, or: docker exec directory p2pchat directory status --data /data
FROM debian:bookworm-slim AS install
COPY dist/package/ /package/
RUN cd /package \
  && sh install.sh p2pchat-*-linux-"$(dpkg --print-architecture | sed s/amd64/x64/)".tar.gz --prefix /usr/local

FROM debian:bookworm-slim
COPY --from=install /usr/local/ /usr/local/
RUN useradd --system --home-dir /data --no-create-home p2pchat && install -d -m 0700 -o p2pchat -g p2pchat /data
USER p2pchat
VOLUME /data
EXPOSE 4000/tcp 4000/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/usr/local/lib/p2pchat/current/lib/p2pchat/runtime/node", "-e", "fetch('http://127.0.0.1:9464/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Further options, and a file of them, come behind the image's name: ... p2pchat --registration invite
ENTRYPOINT ["p2pchat", "directory", "start", "--data", "/data", "--listen", "0.0.0.0:4000", "--metrics", "127.0.0.1:9464", "--log", "-"]
