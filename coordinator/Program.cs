using System.CommandLine;
using DistMtl.Coordinator.Commands;

var root = new RootCommand("Trains multi-task recommenders on a cluster, from one job file.");
foreach (var command in CommandTable.All)
    root.Subcommands.Add(command);
return await root.Parse(args).InvokeAsync();
