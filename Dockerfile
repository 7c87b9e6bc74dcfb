# The page and the JSON interface alone, without torch and Blender: some 0.4 GB of packages in place of 7.
#
#     docker build -t cad2real-serve .
#     docker run --read-only --tmpfs /tmp --cap-drop ALL -p 8000:8000 -e CAD2REAL_TOKEN \
#         -v "$PWD/gearbox:/project" cad2real-serve
FROM python:3.13-slim

WORKDIR /src
COPY . .
RUN sed 's/ --hash.*//' requirements.lock > /tmp/pins \
    && pip install --no-cache-dir --constraint /tmp/pins --requirement tools/serve.txt \
    && pip install --no-cache-dir --no-deps . \
    && useradd --uid 1000 cad2real && rm -rf /src /tmp/pins

USER cad2real
WORKDIR /project
ENV XDG_CONFIG_HOME=/tmp
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health')"]
CMD ["cad2real", "serve", "--host", "0.0.0.0"]
