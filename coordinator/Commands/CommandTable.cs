using System.CommandLine;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;

namespace DistMtl.Coordinator.Commands;

/// <summary>Every verb a user types; a new one is one file in this folder and one line here.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        ValidateCommand.Create(WeightingTable.Descriptions, CheckData),
    ];

    private static IEnumerable<(string KeyPath, string Message)> CheckData(Protocol.Jobs.JobFile job) =>
        DataColumns.Check(job).Select(problem => (problem.KeyPath, problem.Message));
}
