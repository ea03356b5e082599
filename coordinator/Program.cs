using System.CommandLine;
using DistMtl.Coordinator.Commands;

var root = new RootCommand("Trains multi-task recommenders on a cluster, from one job file.");
foreach (var command in CommandTable.All)
    root.Subcommands.Add(command);
// Ctrl-C is a run's own business: it ends with a checkpoint.
return await root.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
