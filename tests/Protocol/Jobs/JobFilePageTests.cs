using System.Text.RegularExpressions;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

/// <summary>The page that lists the job file's keys, beside the keys that the reader says it knows.</summary>
public sealed partial class JobFilePageTests
{
    private const string Unknown = "zzqqxxzzqqxx";

    public static TheoryData<string> Sections =>
    [
        $"{Unknown}: 1",
        $"data: {{train: t.csv, {Unknown}: 1}}",
        $"data: {{validation: {{fold: 1, {Unknown}: 1}}}}",
        $"data: {{generate: {{{Unknown}: 1}}}}",
        .. Words(Enum.GetNames<FeatureKind>()).Select(kind => $"features: [{{name: a, kind: {kind}, {Unknown}: 1}}]"),
        .. Enum.GetValues<TaskKind>().SelectMany(task => LossSettings.KindsOf(task).Select(loss =>
            $"tasks: [{{name: a, kind: {Word(task.ToString())}, loss: {LossSettings.NameOf(loss)}, {Unknown}: 1}}]")),
        .. Words(Enum.GetNames<Architecture>()).Select(architecture => $"model: {{architecture: {architecture}, {Unknown}: 1}}"),
        $"embeddings: {{{Unknown}: 1}}",
        $"embeddings: {{optimizer: {{{Unknown}: 1}}}}",
        $"weighting: {{strategy: static, weights: {{}}, {Unknown}: 1}}",
        .. Enum.GetNames<OptimizerKind>().Select(kind => $"optimizer: {{kind: {kind.ToLowerInvariant()}, {Unknown}: 1}}"),
        .. Words(Enum.GetNames<ScheduleKind>()).Select(kind => $"optimizer: {{schedule: {{kind: {kind}, {Unknown}: 1}}}}"),
        $"optimizer: {{groups: [{{{Unknown}: 1}}]}}",
        $"training: {{{Unknown}: 1}}",
        $"training: {{localSteps: 2, outer: {{{Unknown}: 1}}}}",
        $"training: {{parameterServers: {{{Unknown}: 1}}}}",
        .. Enum.GetNames<CompressionKind>().Select(kind => $"optimizer: {{kind: sgd}}\ntraining: {{compression: {{kind: {kind.ToLowerInvariant()}, {Unknown}: 1}}}}"),
        $"training: {{earlyStopping: {{{Unknown}: 1}}}}",
        $"metrics: {{{Unknown}: 1}}",
        $"search: {{{Unknown}: 1}}",
    ];

    [Theory, MemberData(nameof(Sections))]
    public void Every_key_that_the_reader_knows_stands_in_the_page(string yaml)
    {
        var problem = TestJob.Read(yaml).Problems.Select(problem => problem.ToString()).Single(text => text.Contains(Unknown, StringComparison.Ordinal));
        var known = KnownPattern().Match(problem);
        Assert.True(known.Success, problem);
        var page = File.ReadAllText(Path.Combine(Folder(), "JOB-FILE.md"));

        Assert.All(known.Groups[1].Value.Split(", "), key => Assert.Contains($"`{key}`", page, StringComparison.Ordinal));
    }

    /// <summary>SharedBottom is shared-bottom in the file.</summary>
    private static string Word(string name) => CapitalPattern().Replace(name, "-$0").ToLowerInvariant();

    private static IEnumerable<string> Words(IEnumerable<string> names) => names.Select(Word);

    private static string Folder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "DistMtl.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests do not lie below DistMtl.sln");
        return Path.Combine(folder, "deploy", "jobs");
    }

    [GeneratedRegex("; known: (.+)$")]
    private static partial Regex KnownPattern();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex CapitalPattern();
}
