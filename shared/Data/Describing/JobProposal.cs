using System.Globalization;
using System.Text;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Describing;

/// <summary>Writes a job file for a described file: a first one to train, then to be corrected by who knows the data.</summary>
internal sealed class JobProposal
{
    private const int MaxVocabulary = 20_000;
    private const int MaxClasses = 50;

    private readonly StringBuilder _yaml = new();
    private readonly HashSet<string> _names = [];
    private readonly IReadOnlyList<ColumnProfile> _columns;
    private readonly IReadOnlyDictionary<string, ColumnStatistics> _statistics;
    private readonly IReadOnlyList<LabelCandidate> _labels;

    public JobProposal(
        IReadOnlyList<ColumnProfile> columns, IReadOnlyDictionary<string, ColumnStatistics> statistics, IReadOnlyList<LabelCandidate> labels)
    {
        _columns = columns;
        _statistics = statistics;
        _labels = labels;
    }

    /// <param name="header">The columns' names as the job must give them; null where the file does.</param>
    public string Write(string path, DataFormat format, IReadOnlyList<string>? header, IEnumerable<string> missing)
    {
        var tasks = Tasks();
        var features = Features([.. tasks.Select(task => task.Column)]);
        Line("# A proposal. Check that no feature is an outcome, known only after its row.");
        Line($"name: {Scalar(SafeName(Path.GetFileName(path).Split('.')[0]))}");
        Line("seed: 1");
        Line("data:");
        Line($"  format: {format.ToString().ToLowerInvariant()}");
        Line($"  train: {Scalar(path)}");
        if (header is not null)
            Line($"  columns: [{string.Join(", ", header.Select(Scalar))}]");
        Line("  validation: {fraction: 0.1}");
        Line($"  missing: [{string.Join(", ", missing.Select(Quoted))}]");
        Line("  shards: 8");
        if (_columns.FirstOrDefault(column => column.Kind != ColumnKind.Id && ColumnWords.IsUser(column.Name)) is { } user)
            Line($"  shardBy: {Scalar(user.Name)}");
        if (_columns.FirstOrDefault(column => column is { Kind: ColumnKind.Id, Missing: 0 }) is { } id)
            Line($"  key: [{Scalar(id.Name)}]");
        Line("features:");
        foreach (var feature in features)
            Line($"  - {Feature(feature, features)}");
        Line("tasks:");
        foreach (var (column, kind, missingLabel) in tasks)
            Line($"  - {Task(column, kind, missingLabel)}");
        Line("model: {architecture: mmoe, experts: 4, expert: [64, 32], tower: [16], dropout: 0.1}");
        Line("weighting: {strategy: uncertainty}");
        Line("optimizer: {kind: adam, learningRate: 0.001}");
        Line("training: {epochs: 3, batchSize: 1024}");
        return _yaml.ToString();
    }

    /// <summary>Columns named like an outcome; without one, the last column that can be a task.</summary>
    private List<(string Column, TaskKind Kind, string? MissingLabel)> Tasks()
    {
        var binary = _labels.Where(label => ColumnWords.IsLabel(label.Column) || label.MissingLabel is not null)
            .Select(label => (label.Column, TaskKind.Binary, label.MissingLabel));
        var scores = _columns.Where(column => ColumnWords.IsScore(column.Name) && double.IsFinite(column.Mean))
            .Select(column => (column.Name, TaskKind.Regression, null as string));
        var named = binary.Concat(scores).ToList();
        if (named.Count > 0)
            return named;
        foreach (var column in _columns.Reverse())
        {
            if (_labels.FirstOrDefault(label => label.Column == column.Name) is { } label)
                return [(label.Column, TaskKind.Binary, label.MissingLabel)];
            if (column.Kind == ColumnKind.Categorical && column.Distinct <= MaxClasses)
                return [(column.Name, TaskKind.Multiclass, null)];
            if (column.Kind == ColumnKind.Numeric)
                return [(column.Name, TaskKind.Regression, null)];
        }
        return [];
    }

    private List<ColumnProfile> Features(HashSet<string> taskColumns) =>
    [
        .. _columns.Where(column =>
            column.Kind is not (ColumnKind.Id or ColumnKind.Text or ColumnKind.Constant)
            && !taskColumns.Contains(column.Name) && !ColumnWords.IsTime(column.Name)),
    ];

    private string Feature(ColumnProfile column, IReadOnlyList<ColumnProfile> features)
    {
        var name = NameAndColumn(column.Name);
        switch (column.Kind)
        {
            case ColumnKind.Numeric or ColumnKind.Binary when double.IsFinite(column.Mean):
                var isSkewed = column.Min >= 0 && column.Max > 100 && column.Max > 20 * column.Mean;
                return $"{{{name}, kind: numeric{(isSkewed ? ", transform: log1p" : "")}}}";
            case ColumnKind.Vector:
                return string.Create(CultureInfo.InvariantCulture, $"{{{name}, kind: vector, width: {column.Width}, separator: {Quoted(column.Separator!)}}}");
            case ColumnKind.Sequence:
                var table = SharedTable(column, features) is { } shared ? $"embedding: {Scalar(SafeName(shared))}" : "dim: 8";
                return $"{{{name}, kind: sequence, separator: {Quoted(column.Separator!)}, maxLength: 50, {table}}}";
            default:
                var dim = column.Distinct switch { <= 10 => 4, <= 1000 => 8, _ => 16 };
                var buckets = column.Distinct > MaxVocabulary
                    ? string.Create(CultureInfo.InvariantCulture, $", buckets: {System.Numerics.BitOperations.RoundUpToPowerOf2((uint)column.Distinct)}")
                    : "";
                return string.Create(CultureInfo.InvariantCulture, $"{{{name}, kind: categorical{buckets}, dim: {dim}}}");
        }
    }

    /// <summary>The categorical feature of whose values the sequence consists, such as the items of a history.</summary>
    private string? SharedTable(ColumnProfile sequence, IReadOnlyList<ColumnProfile> features)
    {
        var examples = _statistics[sequence.Name].Parts.Single(parts => parts.Separator == sequence.Separator).Examples;
        return features
            .Where(feature => feature.Kind == ColumnKind.Categorical)
            .Select(feature => (feature.Name, Known: examples.Count(_statistics[feature.Name].Values.ContainsKey)))
            .Where(pair => pair.Known * 2 > examples.Count)
            .OrderByDescending(pair => pair.Known)
            .Select(pair => pair.Name)
            .FirstOrDefault();
    }

    private string Task(string column, TaskKind kind, string? missingLabel)
    {
        var missing = missingLabel is null ? "" : $", missing: [{Quoted(missingLabel)}]";
        return $"{{name: {Scalar(UniqueName(column))}, kind: {kind.ToString().ToLowerInvariant()}, label: {Scalar(column)}{missing}}}";
    }

    private string NameAndColumn(string column)
    {
        var name = UniqueName(column);
        return name == column ? $"name: {Scalar(name)}" : $"name: {Scalar(name)}, column: {Scalar(column)}";
    }

    private string UniqueName(string column)
    {
        var name = SafeName(column);
        for (var i = 2; !_names.Add(name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{SafeName(column)}_{i}");
        return name;
    }

    private static string SafeName(string text)
    {
        var safe = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_'));
        return safe.Length > 0 && char.IsAsciiLetter(safe[0]) ? safe : $"c_{safe}";
    }

    /// <summary>Plain where YAML can't take it for anything but this text.</summary>
    private static string Scalar(string text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            && text.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "null" or "y" or "n")
            ? text
            : Quoted(text);

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private void Line(string text) => _yaml.Append(text).Append('\n');
}
