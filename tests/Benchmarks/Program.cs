using System.CommandLine;
using DistMtl.Benchmarks;
using DistMtl.Benchmarks.Compression;
using DistMtl.Benchmarks.Planes;
using DistMtl.Benchmarks.Servers;
using DistMtl.Benchmarks.Stubs;
using DistMtl.Benchmarks.Tables;

var root = new RootCommand("Measures DistMtl, as ratios within one run.")
{
    ClusterCommand.Create(), BareLoopCommand.Create(), WeightingsCommand.Create(), ServerCommand.Create(), TablesCommand.Create(), CompressionCommand.Create(),
    PlaneCommand.Create(), StubWorkersCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
