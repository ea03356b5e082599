using System.Text;
using System.Text.RegularExpressions;
using DistMtl.Protocol.Jobs.Reading;

namespace DistMtl.Protocol.Jobs;

/// <summary>
/// Reads a job file strictly and finds all its problems in one go. The keys are read where their sections are:
/// <c>Reading/DataReader.cs</c>, <c>Reading/FeaturesReader.cs</c> and so on; a new key is a line there, in its record
/// and in <see cref="JobFileWriter"/>.
/// </summary>
public static partial class JobFileReader
{
    private const char ByteOrderMark = '\uFEFF';

    /// <param name="path">As the user wrote it; messages name it so.</param>
    /// <param name="overrides"><c>key=value</c>, applied in order; their paths are relative to the current folder.</param>
    /// <param name="weightings">The strategies there are.</param>
    public static JobReading Read(string path, IReadOnlyList<string> overrides, IReadOnlyList<WeightingDescription> weightings)
    {
        var place = new Place(path, 0, 0);
        try
        {
            var yaml = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
            return Parse(yaml, path, Path.GetDirectoryName(Path.GetFullPath(path))!, overrides, weightings);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Nothing(place, Directory.Exists(path) ? "is a folder, not a job file" : "there is no such job file");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Nothing(place, Directory.Exists(path) ? "is a folder, not a job file" : $"cannot be read: {exception.Message}");
        }
        catch (DecoderFallbackException)
        {
            return Nothing(place, "is not UTF-8 text");
        }
    }

    /// <param name="yaml">The text of a job file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="baseDirectory">What its paths are relative to.</param>
    /// <param name="checkFiles">False where the data are not to be looked for: on a worker, which gets its job from the coordinator.</param>
    public static JobReading Parse(
        string yaml,
        string name,
        string baseDirectory,
        IReadOnlyList<string> overrides,
        IReadOnlyList<WeightingDescription> weightings,
        bool checkFiles = true) =>
        ParseIn(yaml, name, overrides, new ReadingScope([], Path.GetFullPath(baseDirectory), checkFiles, weightings));

    internal static JobReading ParseIn(string yaml, string name, IReadOnlyList<string> overrides, ReadingScope scope)
    {
        var start = new Place(name, 1, 1);
        var root = YamlTree.Read(yaml.TrimStart(ByteOrderMark), mark => new Place(name, (int)mark.Line, (int)mark.Column), scope.Problems);
        if (root is null or YamlScalar { IsEmpty: true })
        {
            if (scope.Problems.Count == 0)
                scope.Problems.Add(start.Problem("the job file is empty"));
            return new JobReading(null, scope.Problems) { Start = start };
        }
        if (root is not YamlMap map)
            return Nothing(root.Place, "a job file is a map of keys such as name, data, features and tasks");
        JobOverrides.Apply(map, overrides, scope.Problems);
        var job = ReadJob(new Section(map, "", start, scope));
        var problems = scope.Problems.OrderBy(problem => problem.Line == 0).ThenBy(problem => problem.Line).ThenBy(problem => problem.Column).ToList();
        return new JobReading(problems.Count == 0 ? job : null, problems) { Root = root, Start = start };
    }

    private static JobFile? ReadJob(Section section)
    {
        var name = section.RequiredText("name");
        if (name.Length > 0 && !NamePattern().IsMatch(name))
            section.Report("name", $"the name of a job may hold letters, digits, '-', '_' and '.', and begins with a letter or digit, but is '{name}'");
        var seed = section.Seed("seed", JobFile.DefaultSeed);
        var dataSection = section.RequiredMap("data");
        var data = dataSection is not null ? DataReader.Read(dataSection) : null;
        var features = FeaturesReader.Read(section);
        var tasks = TasksReader.Read(section, data?.Missing ?? DataSettings.DefaultMissing, [.. features.Select(feature => feature.Feature)]);
        var model = ModelReader.Read(section.MapOrDefaults("model"), data, [.. tasks.Select(task => task.Task)]);
        var weighting = WeightingReader.Read(section.MapOrDefaults("weighting"), [.. tasks.Select(task => task.Task.Name).Where(task => task.Length > 0).Distinct()]);
        var optimizer = OptimizerReader.Read(section.MapOrDefaults("optimizer"));
        var embeddings = EmbeddingsReader.Read(section.MapOrDefaults("embeddings"), optimizer.Kind);
        var metrics = MetricsReader.Read(section.MapOrDefaults("metrics"));
        var training = TrainingReader.Read(section.MapOrDefaults("training"), data, [.. tasks.Select(task => task.Task)], metrics, weighting.Strategy, optimizer);
        var search = section.Map("search") is { } searchSection
            ? SearchReader.Read(searchSection, seed, data, [.. tasks.Select(task => task.Task)], metrics, training.EarlyStopping?.Metric)
            : null;
        section.RefuseUnknownKeys();
        RefuseLeaks(features, tasks);
        if (dataSection is null || data is null)
            return null;
        RefuseLeakingDomain(data, dataSection, tasks);
        return new JobFile(
            name, seed, data, [.. features.Select(feature => feature.Feature)], [.. tasks.Select(task => task.Task)],
            model, weighting, optimizer, training)
        {
            Embeddings = StoredFor(section, embeddings, weighting.Strategy, training),
            Metrics = metrics,
            Search = search,
        };
    }

    /// <summary>Where all of a table must be at hand, no table is sparse.</summary>
    private static EmbeddingSettings StoredFor(Section section, EmbeddingSettings embeddings, string strategy, TrainingSettings training)
    {
        var reason = training.LocalSteps > 1 ? "training.localSteps take steps on parameters of their own"
            : section.Scope.Weightings.Any(weighting => weighting.Name == strategy && weighting.RewritesRows) ? $"weighting strategy {strategy} rewrites whole gradients"
            : null;
        if (reason is null)
            return embeddings;
        if (embeddings.Storage == EmbeddingStorage.Sparse)
            section.Report("embeddings", $"{reason}, which sparse tables are no part of; choose storage: dense");
        return embeddings with { Storage = EmbeddingStorage.Dense };
    }

    /// <summary>A model that sees a label among its inputs predicts that label perfectly, and nothing else.</summary>
    private static void RefuseLeaks(
        IReadOnlyList<(FeatureSettings Feature, Section Section)> features,
        IReadOnlyList<(TaskSettings Task, Section Section)> tasks)
    {
        foreach (var (feature, section) in features.Where(feature => feature.Feature.Column.Length > 0))
        {
            if (tasks.FirstOrDefault(task => task.Task.Label == feature.Column).Task is { } task)
                section.Report(section.Has("column") ? "column" : "name", $"feature '{feature.Name}' reads column '{feature.Column}', the label of task '{task.Name}'");
        }
    }

    /// <summary>The model sees a row's domain, as it sees its features.</summary>
    private static void RefuseLeakingDomain(
        DataSettings data, Section section, IReadOnlyList<(TaskSettings Task, Section Section)> tasks)
    {
        if (data.Domain is { } domain && tasks.FirstOrDefault(task => task.Task.Label == domain).Task is { } task)
            section.Report("domain", $"domain reads column '{domain}', the label of task '{task.Name}'");
    }

    private static JobReading Nothing(Place place, string message) => new(null, [place.Problem(message)]) { Start = place };

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.\-]*\z")]
    private static partial Regex NamePattern();
}
