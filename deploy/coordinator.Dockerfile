# The coordinator, `distmtl`: docker build -f deploy/coordinator.Dockerfile -t distmtl-coordinator .
# It carries no libtorch; what needs a model is asked of workers (worker.Dockerfile).

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src

# What restore depends on comes first, so that its layer lasts until a package changes.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY shared/Learning/LibTorch.props shared/Learning/
COPY shared/Aggregation/DistMtl.Aggregation.csproj shared/Aggregation/
COPY shared/Clustering/DistMtl.Clustering.csproj shared/Clustering/
COPY shared/Data/DistMtl.Data.csproj shared/Data/
COPY shared/Learning/DistMtl.Learning.csproj shared/Learning/
COPY shared/ParameterServers/DistMtl.ParameterServers.csproj shared/ParameterServers/
COPY shared/Protocol/DistMtl.Protocol.csproj shared/Protocol/
COPY shared/Transport/DistMtl.Transport.csproj shared/Transport/
COPY coordinator/DistMtl.Coordinator.csproj coordinator/
COPY worker/DistMtl.Worker.csproj worker/
# The coordinator's project builds the worker beside itself. "external" leaves libtorch out of that; it is not published.
RUN dotnet restore coordinator -p:LibTorch=external

COPY .editorconfig ./
COPY shared shared
COPY coordinator coordinator
COPY worker worker
RUN dotnet publish coordinator -c Release -p:LibTorch=external --no-restore -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /app /app
# The images' own user `app`; the number, so that Kubernetes can see that it is not root.
USER 1654
WORKDIR /data
# Cluster, tensor plane, jobs over HTTP (serve).
EXPOSE 4053 4054 8080
ENTRYPOINT ["/app/distmtl"]
CMD ["--help"]
