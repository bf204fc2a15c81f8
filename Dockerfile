# One recipe for every part: docker build --build-arg SERVICE=accrual . (members, gateway, or loyalty for the command)
FROM python:3.11.15-slim-bookworm@sha256:d29f48a31a8b408ed19272ca1e7b10ebae13b240a27e862d3d4217c528e2e0c3 AS base
# Nobody here is root, and nobody can log in.
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin loyalty
WORKDIR /app

FROM base AS build
ARG SERVICE
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# First what changes rarely: libraries, by their hashes, and only those that this part needs.
COPY requirements.lock deploy/docker/parts.py ./
COPY contracts/pyproject.toml contracts/
COPY client/pyproject.toml client/
COPY shared/pyproject.toml shared/
COPY services/accrual/pyproject.toml services/accrual/
COPY services/members/pyproject.toml services/members/
COPY services/gateway/pyproject.toml services/gateway/
COPY loyalty/pyproject.toml loyalty/
RUN python parts.py requirements "$SERVICE" > wanted.txt \
 && python parts.py builders > builders.txt \
 && python -m venv --without-pip .venv \
 && python -m pip --python .venv/bin/python install --quiet --only-binary :all: --require-hashes -r wanted.txt \
 && python -m pip install --quiet --only-binary :all: --require-hashes --target /builders -r builders.txt
# Then our own packages, where they lie: the path is the import, and migrations are found beside the code.
COPY contracts contracts
COPY client client
COPY shared shared
COPY services services
COPY loyalty loyalty
RUN python parts.py folders "$SERVICE" > folders.txt \
 && sed 's|^|-e ./|' folders.txt > editable.txt \
 && PYTHONPATH=/builders python -m pip --python .venv/bin/python install --quiet --no-deps --no-build-isolation --no-index -r editable.txt \
 && .venv/bin/python -m compileall -q .venv $(cat folders.txt) \
 && mkdir /parts && cp -a --parents .venv $(cat folders.txt) /parts/

FROM base
ARG SERVICE
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip setuptools wheel \
 && install -d -m 0700 -o loyalty -g loyalty /stack
COPY --from=build /parts /app
COPY deploy/docker/healthy.py /app/
# Off loopback a service wants a certificate, unless ENV=local says that this is a machine for trying things.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SERVICE=$SERVICE HTTP_HOST=0.0.0.0 HTTP_PORT=8080
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s CMD ["python", "/app/healthy.py"]
# exec: python takes the shell's place, so the signal that ends the container reaches it.
CMD ["/bin/sh", "-c", "exec python -m \"$SERVICE\""]
