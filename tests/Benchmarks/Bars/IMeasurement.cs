namespace DistMtl.Benchmarks.Bars;

/// <summary>What one set-up measures for some bars.</summary>
internal interface IMeasurement
{
    IReadOnlyList<Bar> Bars { get; }

    /// <summary>Whether <c>--quick</c> leaves it out: it takes a minute or more.</summary>
    bool IsLong { get; }

    /// <param name="wanted">Some of <see cref="Bars"/>.</param>
    /// <returns>A value for each of <paramref name="wanted"/>, or null; more are passed over.</returns>
    Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions);
}

/// <summary>How all measurements are made.</summary>
/// <param name="Rounds">How often contestants that take turns are measured.</param>
/// <param name="Steps">Of contestants that take turns: so many count, after as many others in which their code is compiled.</param>
/// <param name="Log">Told of what goes on, for a person.</param>
internal sealed record Conditions(int Rounds, int Steps, Action<string> Log, CancellationToken Cancellation);
