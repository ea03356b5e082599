using System.CommandLine;
using DistMtl.Benchmarks;
using DistMtl.Benchmarks.Tables;

var root = new RootCommand("Measures DistMtl, as ratios within one run.") { ClusterCommand.Create(), BareLoopCommand.Create(), WeightingsCommand.Create(), TablesCommand.Create() };
return await root.Parse(args).InvokeAsync();
