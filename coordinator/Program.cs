using System.CommandLine;
using System.CommandLine.Invocation;
using DistMtl.Clustering;
using DistMtl.Coordinator.Commands;
using DistMtl.Protocol;

TimeSlices.Lengthen();
var root = new RootCommand("Trains multi-task recommenders on a cluster, from one job file.");
foreach (var command in CommandTable.All)
    root.Subcommands.Add(command);
var parse = root.Parse(args);
if (parse.Action is ParseErrorAction)
{
    foreach (var error in parse.Errors)
        Console.Error.WriteLine($"error: {error.Message}");
    Console.Error.WriteLine("'distmtl --help' and 'distmtl COMMAND --help' show what can be said");
    return (int)ExitCode.BadInput;
}
// Ctrl-C is a run's own business: it ends with a checkpoint.
return await parse.InvokeAsync(new() { ProcessTerminationTimeout = null });
