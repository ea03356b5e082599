using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Commands;

/// <summary>
/// <c>distmtl weigh</c>: the weights that a strategy gives to one Jacobian, and the update they make, in double. To
/// compare a strategy with its paper, or with another implementation, without training anything.
/// </summary>
internal static class WeighCommand
{
    /// <summary>Fixed, so that a strategy with a random order (pcgrad) gives the same answer every time.</summary>
    private const ulong Seed = 0;

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "JSON with the tasks' gradients: {\"gradients\": [[...], [...]]}." };
        var strategy = new Option<string>("--strategy") { Description = "Name of the weighting strategy.", Required = true };
        var set = new Option<string[]>("--set") { Description = "Sets an option of the strategy: key=value. May be repeated.", DefaultValueFactory = _ => [] };
        var command = new Command("weigh", "Prints the task weights and the update that a strategy makes of given gradients.") { file, strategy, set };
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                output.WriteLine(Weigh(parsed.GetRequiredValue(file), parsed.GetRequiredValue(strategy), parsed.GetRequiredValue(set)));
                return (int)ExitCode.Success;
            }
            catch (JobException problem)
            {
                error.WriteLine($"error: {problem.Message}");
                return (int)problem.ExitCode;
            }
        });
        return command;
    }

    private static string Weigh(string file, string strategy, string[] assignments)
    {
        var rows_TP = JacobianFile.Read(file);
        var options = assignments.Select(ParseAssignment).GroupBy(option => option.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        RequireFunctionOfGradients(strategy);
        var weighting = WeightingTable.Create(Context(strategy, rows_TP.Length, options));

        long[] labels_T = [.. rows_TP.Select(_ => 1L)];
        var input = new WeightingInput(1, 1, labels_T, weighting.Need == WeightingNeed.Gramian ? Products(file, rows_TP) : null);
        var weights_T = weighting.Weigh(weighting.Start(), input).Weights_T;
        var update_P = new double[rows_TP[0].Length];
        for (var task = 0; task < rows_TP.Length; task++)
        {
            for (var k = 0; k < update_P.Length; k++)
                update_P[k] += weights_T[task] * rows_TP[task][k];
        }
        if (!update_P.All(double.IsFinite))
            throw new JobException($"{file}: the gradients are too large: their combination is not finite");
        return JsonSerializer.Serialize(new { weights = weights_T, update = update_P });
    }

    private static double[,] Products(string file, double[][] rows_TP)
    {
        var gramian_TT = Gramian.Compute(rows_TP);
        for (var task = 0; task < rows_TP.Length; task++)
        {
            // A square that overflows or vanishes would be weighed as something that the row is not.
            if (!double.IsNormal(gramian_TT[task, task]) && rows_TP[task].Any(value => value != 0))
                throw new JobException($"{file}: gradients[{task}] is too {(double.IsFinite(gramian_TT[task, task]) ? "small" : "large")}: its square is out of the range of a double");
        }
        return gramian_TT;
    }

    private static (string Key, double Value) ParseAssignment(string assignment)
    {
        var parts = assignment.Split('=', 2);
        if (parts.Length != 2 || parts[0].Length == 0
            || !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            throw new JobException($"--set {assignment}: expected key=value with a number, such as temperature=2");
        return (parts[0], value);
    }

    /// <summary>Unknown names pass: the table knows better what to say of them.</summary>
    private static void RequireFunctionOfGradients(string strategy)
    {
        var all = WeightingTable.Descriptions;
        if (all.Any(description => description.Name == strategy) && !IsFunctionOfGradients(strategy))
            throw new JobException($"strategy '{strategy}' does not weigh by gradients, so one set of them says nothing about it; 'weigh' takes: {string.Join(", ", all.Select(d => d.Name).Where(IsFunctionOfGradients))}");
    }

    private static bool IsFunctionOfGradients(string strategy) =>
        strategy == EqualWeighting.Description.Name
        || (WeightingTable.Descriptions.Single(description => description.Name == strategy) is { TakesWeights: false }
            && WeightingTable.Create(Context(strategy, 1, [])).Need == WeightingNeed.Gramian);

    private static WeightingContext Context(string strategy, int tasks, Dictionary<string, double> options) => new(
        [.. Enumerable.Range(0, tasks).Select(task => new TaskSettings($"task{task}", TaskKind.Binary, "", null, []))],
        new WeightingSettings(strategy, WeightingScale.Raw, options, new Dictionary<string, double>()),
        new OptimizerSettings(
            OptimizerKind.Adam,
            OptimizerSettings.DefaultLearningRate,
            WeightDecay: 0,
            OptimizerSettings.DefaultBeta1,
            OptimizerSettings.DefaultBeta2,
            OptimizerSettings.DefaultEpsilon,
            Momentum: 0),
        Seed);
}
