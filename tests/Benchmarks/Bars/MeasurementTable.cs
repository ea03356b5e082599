namespace DistMtl.Benchmarks.Bars;

/// <summary>All measurements of <c>cluster</c>, in the order of its table.</summary>
internal static class MeasurementTable
{
    public static IReadOnlyList<IMeasurement> Create(BenchmarkJob job, SmallJob small) =>
    [
        new LoopMeasurement(job),
        new WeightingMeasurement(job),
        new TableSizeMeasurement(job),
        new StragglerMeasurement(job),
        new PlaneMeasurement(),
        new ServerMeasurement(),
        new WireMeasurement(),
        new AccuracyMeasurement(),
        new CoordinatorMeasurement(small),
        new RecoveryMeasurement(small),
        new MemoryMeasurement(small),
    ];
}
