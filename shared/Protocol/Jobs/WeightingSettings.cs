namespace DistMtl.Protocol.Jobs;

public enum WeightingScale
{
    /// <summary>As the paper gives them.</summary>
    Raw,

    /// <summary>Rescaled so that they sum to the number of tasks: changing the strategy leaves the learning rate alone.</summary>
    Tasks,
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
}

/// <summary>What the job-file reader must know of a strategy; the table itself is Aggregation's.</summary>
/// <param name="Name">As written in the job file.</param>
/// <param name="Options">Name and default of each option.</param>
/// <param name="TakesWeights">Whether <c>weights:</c> is required (static) or refused.</param>
public sealed record WeightingDescription(string Name, IReadOnlyDictionary<string, double> Options, bool TakesWeights);
