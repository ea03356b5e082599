using System.CommandLine;
using DistMtl.Benchmarks;

var root = new RootCommand("Measures DistMtl, as ratios within one run.") { ClusterCommand.Create(), BareLoopCommand.Create(), WeightingsCommand.Create(), DistMtl.Benchmarks.Planes.PlaneCommand.Create() };
return await root.Parse(args).InvokeAsync();
