using DistMtl.Protocol.Jobs.Reading;

namespace DistMtl.Protocol.Jobs;

/// <summary>A job that differs from another one in some keys: what a comparison or a search trains.</summary>
public static class JobVariant
{
    private const string ArchitectureKey = "model.architecture";
    private const string StrategyKey = "weighting.strategy";
    private const string OptimizerKey = "optimizer.kind";

    /// <summary>
    /// Reads the job with overrides on top. Where one of them chooses another architecture, strategy or kind of optimiser,
    /// keys that do not belong to the new one go, keys that both have keep their values (<c>experts</c>), and the rest
    /// have their defaults; options of a strategy are its own, so that another strategy begins with its defaults. An
    /// override that does not belong to what the others chose has no effect (<c>model.experts</c> of a shared-bottom model).
    /// </summary>
    /// <param name="job">A valid job.</param>
    /// <param name="overrides"><c>key=value</c>, applied in order.</param>
    /// <param name="name">What messages call the variant.</param>
    public static JobReading Read(
        JobFile job, IReadOnlyList<string> overrides, string name, IReadOnlyList<WeightingDescription> weightings)
    {
        // The writer writes the keys that apply, so that a foreign key can come from an override alone.
        var yaml = JobFileWriter.Write(Rebase(job, overrides));
        return JobFileReader.ParseIn(
            yaml, name, overrides, new ReadingScope([], Path.GetFullPath("."), ChecksFiles: false, weightings) { DropsForeignKeys = true });
    }

    private static JobFile Rebase(JobFile job, IReadOnlyList<string> overrides)
    {
        // A word that is none is left to the reader, which says so.
        if (EnumWords.Parse<Architecture>(ValueOf(ArchitectureKey, overrides)) is { } architecture)
            job = job with { Model = job.Model with { Architecture = architecture } };
        if (EnumWords.Parse<OptimizerKind>(ValueOf(OptimizerKey, overrides)) is { } kind)
            job = job with { Optimizer = job.Optimizer with { Kind = kind } };
        if (ValueOf(StrategyKey, overrides) is { Length: > 0 } strategy && strategy != job.Weighting.Strategy)
        {
            job = job with
            {
                Weighting = new WeightingSettings(strategy, job.Weighting.Scale, new Dictionary<string, double>(), new Dictionary<string, double>()) { Scope = job.Weighting.Scope },
            };
        }
        return job;
    }

    /// <summary>The last one counts; empty where the key is not overridden.</summary>
    private static string ValueOf(string key, IReadOnlyList<string> overrides) => overrides
        .Select(text => text.Split('=', 2))
        .LastOrDefault(parts => parts.Length == 2 && parts[0].Trim() == key)?[1].Trim() ?? "";
}
