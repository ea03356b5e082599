using System.Collections.ObjectModel;

namespace DistMtl.Protocol.Jobs;

public enum WeightingScale
{
    /// <summary>As the paper gives them.</summary>
    Raw,

    /// <summary>The default. Rescaled so that they sum to the number of tasks: changing the strategy leaves the learning rate alone.</summary>
    Tasks,
}

/// <summary>Which of the parameters that tasks share a strategy compares their gradients over.</summary>
public enum WeightingScope
{
    /// <summary>The default.</summary>
    All,

    /// <summary>
    /// All but the rows of sparse tables, which follow the weights that the others give: one combined gradient of a row
    /// travels then, after the tasks are weighed, where one of every task does else.
    /// </summary>
    Trunk,
}

/// <summary>How the tasks' gradients become one update.</summary>
/// <param name="Strategy">A name in the table of strategies (Aggregation).</param>
/// <param name="Scale">Whether weights are used raw or rescaled.</param>
/// <param name="Options">The strategy's own numbers (<c>temperature</c>, <c>c</c>, ...), defaults filled in.</param>
/// <param name="Weights">Strategy <c>static</c>: weight by task name, one for each task; else empty.</param>
public sealed record WeightingSettings(
    string Strategy,
    WeightingScale Scale,
    IReadOnlyDictionary<string, double> Options,
    IReadOnlyDictionary<string, double> Weights)
{
    public const string DefaultStrategy = "equal";

    public WeightingScope Scope { get; init; } = WeightingScope.All;

    /// <summary>The strategy's options that are words (<c>normalize: l2</c>) or name a task (<c>main: click</c>), defaults filled in.</summary>
    public IReadOnlyDictionary<string, string> Words { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Strategy <c>pareto</c>: the least weight by task name; a task that is not there may weigh 0.</summary>
    public IReadOnlyDictionary<string, double> Minimum { get; init; } = ReadOnlyDictionary<string, double>.Empty;
}

/// <summary>What the job-file reader must know of a strategy; the table itself is Aggregation's.</summary>
/// <param name="Name">As written in the job file.</param>
/// <param name="Options">Name and default of each option.</param>
/// <param name="TakesWeights">Whether <c>weights:</c> is required (static) or refused.</param>
public sealed record WeightingDescription(string Name, IReadOnlyDictionary<string, double> Options, bool TakesWeights)
{
    /// <summary>Options that are one of several words; the first is the default.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Words { get; init; } = ReadOnlyDictionary<string, IReadOnlyList<string>>.Empty;

    /// <summary>Options that name a task; the job's first task is the default.</summary>
    public IReadOnlyList<string> TaskWords { get; init; } = [];

    /// <summary>Whether <c>minimum:</c>, least weights by task name, may be given.</summary>
    public bool TakesMinimum { get; init; }

    /// <summary>Whether one set of gradients says all there is to know: neither losses nor a history.</summary>
    public bool IsOfOneJacobian { get; init; }

    /// <summary>Whether it looks at the gradients element by element and rewrites them, for which all of them must lie in one place.</summary>
    public bool RewritesRows { get; init; }

    /// <summary>Every key that may stand beside the strategy, but for <c>weights</c>, which must.</summary>
    public IEnumerable<string> Keys => [.. Options.Keys, .. Words.Keys, .. TaskWords, .. TakesMinimum ? ["minimum"] : Array.Empty<string>()];
}
