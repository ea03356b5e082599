using System.CommandLine;
using DistMtl.Benchmarks.Bars;
using DistMtl.Benchmarks.Reporting;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks;

/// <summary><c>cluster</c>: all bars, measured in one run.</summary>
internal static class ClusterCommand
{
    /// <summary>Fewer do not warm up what is compiled on the way.</summary>
    public const int DefaultSteps = 100;

    private const int DefaultRounds = 2;

    public static Command Create()
    {
        var rounds = Count("--rounds", "How often contestants that take turns are measured.", DefaultRounds);
        var steps = Count("--steps", "Of those: so many steps count, after as many others.", DefaultSteps);
        var only = new Option<string?>("--only") { Description = "Only bars whose text holds this word." };
        var quick = new Option<bool>("--quick") { Description = "Leaves out what takes a minute or more." };
        var json = new Option<bool>("--json") { Description = "A list of {what, value, bar, met} on standard output instead of a table." };
        var command = new Command("cluster", "Measures all bars, as ratios within one run.") { rounds, steps, only, quick, json };
        command.SetAction((parse, cancellation) => RunAsync(
            new Conditions(parse.GetValue(rounds), parse.GetValue(steps), Console.Error.WriteLine, cancellation), parse.GetValue(only) ?? "", parse.GetValue(quick), parse.GetValue(json)));
        return command;
    }

    private static Option<int> Count(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError($"{name} must be at least 1");
        });
        return option;
    }

    private static async Task<int> RunAsync(Conditions conditions, string only, bool quick, bool json)
    {
        try
        {
            if (BuildFacts.Configuration != "Release")
                conditions.Log($"warning: this is a {BuildFacts.Configuration} build; measure with -c Release");
            var results = await MeasureAsync(conditions, only, quick);
            if (json)
                BarReport.WriteJson(Console.Out, results);
            else
                BarReport.WriteTable(results);
            return (int)ExitCode.Success;
        }
        catch (JobException e)
        {
            conditions.Log($"error: {e.Message}");
            return (int)e.ExitCode;
        }
        catch (OperationCanceledException) when (conditions.Cancellation.IsCancellationRequested)
        {
            conditions.Log("interrupted: there is no result");
            return (int)ExitCode.Interrupted;
        }
    }

    private static async Task<IReadOnlyList<BarResult>> MeasureAsync(Conditions conditions, string only, bool quick)
    {
        using var job = BenchmarkJob.Write();
        using var small = SmallJob.Write();
        var results = new List<BarResult>();
        foreach (var measurement in MeasurementTable.Create(job, small).Where(measurement => !quick || !measurement.IsLong))
        {
            var wanted = measurement.Bars.Where(bar => bar.What.Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
            if (wanted.Count == 0)
                continue;
            var values = await measurement.RunAsync(wanted, conditions);
            results.AddRange(wanted.Select(bar => bar.With(values.GetValueOrDefault(bar))));
        }
        return results.Count > 0 ? results : throw new JobException($"no bar's text holds '{only}'");
    }
}
