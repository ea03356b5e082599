using System.CommandLine;

namespace DistMtl.Coordinator.Commands;

/// <summary>Every verb a user types; a new one is one file in this folder and one line here.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        TrainCommand.Create(),
        ValidateCommand.Create(),
        EvaluateCommand.Create(),
        CompareCommand.Create(),
        TuneCommand.Create(),
        ServeCommand.Create(),
        SubmitCommand.Create(),
        StatusCommand.Create(),
        DataCommand.Create(),
        WeighCommand.Create(),
    ];
}
