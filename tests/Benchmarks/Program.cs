using System.CommandLine;
using DistMtl.Benchmarks;
using DistMtl.Benchmarks.Compression;
using DistMtl.Benchmarks.Planes;
using DistMtl.Benchmarks.Servers;

var root = new RootCommand("Measures DistMtl, as ratios within one run.")
{
    ClusterCommand.Create(), BareLoopCommand.Create(), WeightingsCommand.Create(), ServerCommand.Create(), CompressionCommand.Create(), PlaneCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
