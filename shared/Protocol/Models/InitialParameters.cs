namespace DistMtl.Protocol.Models;

/// <summary>Draws the first parameters on the coordinator: a function of (seed, parameter name) alone.</summary>
public static class InitialParameters
{
    /// <returns>parameters_P in layout order.</returns>
    public static float[] Draw(ParameterLayout layout, ulong seed)
    {
        var parameters_P = new float[layout.Length];
        foreach (var entry in layout.Entries)
            Fill(parameters_P.AsSpan(entry.Offset, entry.Length), entry, new StableRandom(StableHash.Mix(seed, StableHash.Of(entry.Name))));
        return parameters_P;
    }

    private static void Fill(Span<float> values, ParameterEntry entry, StableRandom random)
    {
        switch (entry.Initializer)
        {
            case Initializer.Constant:
                values.Fill(entry.InitialScale);
                break;
            case Initializer.Normal:
                foreach (ref var value in values)
                    value = (float)(entry.InitialScale * random.NextNormal());
                break;
            case Initializer.Uniform:
                foreach (ref var value in values)
                    value = (float)(entry.InitialScale * (2 * random.NextDouble() - 1));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(entry), entry.Initializer, null);
        }
    }
}
