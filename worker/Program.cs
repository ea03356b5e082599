using DistMtl.Worker;

// Signals are this program's own business: a child of the coordinator must not end by the terminal's Ctrl-C.
return await WorkerCommand.Create().Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
