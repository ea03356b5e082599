namespace DistMtl.Faults;

/// <summary>What happens on one connection.</summary>
/// <param name="Out">To what the connecting side sends.</param>
/// <param name="Back">To what it is sent.</param>
public sealed record FaultPlan(IReadOnlyList<WireFault> Out, IReadOnlyList<WireFault> Back)
{
    private static readonly WireFaultKind[] s_kinds = Enum.GetValues<WireFaultKind>();

    /// <summary>Whether it changes time and nothing else.</summary>
    public bool IsHarmless => Out.Concat(Back).All(fault => fault.IsHarmless);

    /// <summary>One to three faults.</summary>
    /// <param name="parcels">How many there are in each direction, about.</param>
    public static FaultPlan Draw(int seed, int parcels)
    {
        var random = new Random(seed);
        // Every kind is the first of its plan as often as any other.
        var faults = Enumerable.Range(0, 1 + random.Next(3)).Select(i => (
            IsOut: random.Next(2) == 0,
            Fault: new WireFault(
                i == 0 ? s_kinds[seed % s_kinds.Length] : s_kinds[random.Next(s_kinds.Length)], random.Next(parcels), random.Next(2) == 0 ? 0 : random.NextDouble()))).ToList();
        return new FaultPlan(
            [.. faults.Where(fault => fault.IsOut).Select(fault => fault.Fault).DistinctBy(fault => fault.At)],
            [.. faults.Where(fault => !fault.IsOut).Select(fault => fault.Fault).DistinctBy(fault => fault.At)]);
    }

    public override string ToString() => $"out: {string.Join(", ", Out)}; back: {string.Join(", ", Back)}";
}
