namespace DistMtl.Benchmarks.Contestants;

/// <summary>Something that trains the model and can be measured, again and again.</summary>
internal interface IContestant
{
    string Name { get; }

    /// <returns>Samples per second over all its processes; null where it is not available on this machine.</returns>
    Task<double?> RunAsync(int warmUpSteps, int steps, CancellationToken cancellation);
}
