using System.Runtime.Serialization;

namespace DistMtl.Protocol.Jobs;

/// <summary>Whether workers wait for each other.</summary>
public enum TrainingMode
{
    /// <summary>At every step: the result does not depend on the number of workers.</summary>
    Synchronous,

    /// <summary>
    /// Each worker's gradients are an update of their own; none is more than a bound of steps ahead of the slowest (Ho et al.
    /// 2013, stale synchronous parallel).
    /// </summary>
    [EnumMember(Value = "staleSynchronous")]
    StaleSynchronous,

    /// <summary>Alike, without a bound (Dean et al. 2012, Downpour SGD).</summary>
    Asynchronous,
}

/// <summary>
/// How local steps of the data shards become one: the mean of their moves is an outer gradient, put through Nesterov momentum
/// (DiLoCo, Douillard et al. 2023, algorithm 1). 1 and 0 make it plain averaging of parameters.
/// </summary>
/// <param name="LearningRate">Of the outer step.</param>
/// <param name="Momentum">Nesterov's.</param>
public sealed record OuterSettings(double LearningRate, double Momentum)
{
    /// <summary>The paper's choice (section 3).</summary>
    public static OuterSettings Default { get; } = new(0.7, 0.9);
}
