# One worker, `distmtl-worker`: docker build -f deploy/worker.Dockerfile -t distmtl-worker .
# With --build-arg LIBTORCH=cuda it carries libtorch with CUDA; the driver comes from the host (NVIDIA's container toolkit).

ARG LIBTORCH=cpu

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG LIBTORCH
WORKDIR /src

# What restore depends on comes first, so that its layer (with libtorch the largest) lasts until a package changes.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY shared/Learning/LibTorch.props shared/Learning/
COPY shared/Aggregation/DistMtl.Aggregation.csproj shared/Aggregation/
COPY shared/Clustering/DistMtl.Clustering.csproj shared/Clustering/
COPY shared/Data/DistMtl.Data.csproj shared/Data/
COPY shared/Learning/DistMtl.Learning.csproj shared/Learning/
COPY shared/ParameterServers/DistMtl.ParameterServers.csproj shared/ParameterServers/
COPY shared/Protocol/DistMtl.Protocol.csproj shared/Protocol/
COPY shared/Transport/DistMtl.Transport.csproj shared/Transport/
COPY worker/DistMtl.Worker.csproj worker/
RUN dotnet restore worker -p:LibTorch=$LIBTORCH

COPY .editorconfig ./
COPY shared shared
COPY worker worker
RUN dotnet publish worker -c Release -p:LibTorch=$LIBTORCH --no-restore -o /app \
    # The package brings macOS's and Windows' libtorch, too: half a gigabyte.
    && find /app/runtimes -mindepth 1 -maxdepth 1 ! -name 'linux-x64' ! -name unix -exec rm -rf {} +

# libtorch needs nothing from the system but libstdc++, which this image has; its OpenMP (libgomp) comes in the package.
FROM mcr.microsoft.com/dotnet/runtime:10.0
COPY --from=build /app /app
# One worker is one core: libtorch's own pools would take them all.
ENV OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
USER 1654
WORKDIR /data
ENTRYPOINT ["/app/distmtl-worker"]
CMD ["--help"]
