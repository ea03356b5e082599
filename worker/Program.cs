using System.CommandLine.Invocation;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Worker;

TimeSlices.Lengthen();
var parse = WorkerCommand.Create().Parse(args);
if (parse.Action is ParseErrorAction)
{
    foreach (var error in parse.Errors)
        Console.Error.WriteLine($"error: {error.Message}");
    return (int)ExitCode.BadInput;
}
// Signals are this program's own business: a child of the coordinator must not end by the terminal's Ctrl-C.
return await parse.InvokeAsync(new() { ProcessTerminationTimeout = null });
