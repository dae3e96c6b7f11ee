# syntax=docker/dockerfile:1
# One image for every process: `web` (the default), `worker`, and any other manage.py command.
# Everything it installs exists for amd64 and arm64.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PATH=/venv/bin:$PATH
RUN python -m venv /venv
COPY requirements.txt /tmp/requirements.txt
RUN pip install --require-hashes --requirement /tmp/requirements.txt

WORKDIR /app
# What runs, by name, so that nothing else of a working copy can end up in the image.
COPY manage.py LICENSE ./
COPY apps apps
COPY ottsite ottsite
COPY templates templates
COPY fixtures fixtures
COPY static static
# Settings demand secrets and stores; collecting files uses none. These live for one command.
RUN random() { python -c 'import secrets; print(secrets.token_hex(32))'; } \
    && OTTSITE_ENV=production STATIC_ROOT=/app/staticfiles \
       SITE_URL=https://build.invalid ALLOWED_HOSTS=build.invalid EMAIL_URL=smtp://build.invalid:25 \
       SECRET_KEY=$(random) JWT_SIGNING_KEY=$(random) REFRESH_TOKEN_KEYS=$(random) CONTENT_KEY_KEYS=$(random) \
       PLAYBACK_TOKEN_KEYS=$(random) \
       DATABASE_URL=postgresql://build.invalid/build MONGO_URL=mongodb://build.invalid/build \
       REDIS_URL=redis://durable.invalid/0 CACHE_URL=redis://cache.invalid/0 \
       python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q apps ottsite manage.py

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="ottsite" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OTTSITE_ENV=production \
    OTTSITE_VAR=/data \
    STATIC_ROOT=/app/staticfiles
RUN groupadd --system --gid 10001 ottsite \
    && useradd --system --uid 10001 --gid ottsite --no-create-home --home-dir /tmp --shell /usr/sbin/nologin ottsite \
    && install --directory --owner ottsite --group ottsite /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
# The only places that are written: /data, and /tmp, which may be a tmpfs. The root may be read-only.
VOLUME /data
EXPOSE 8000
# Django answers only to a host it knows, so the probe names one.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/healthz', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0].lstrip('.')}), timeout=3)"]
ENTRYPOINT ["python", "manage.py"]
CMD ["web", "--host", "0.0.0.0", "--workers", "2"]
