using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// As many elements at a time as the machine's vectors hold. (Vector512 where it must be emulated is no substitute: the
/// compiler sometimes gives up inlining it, and a step then took fifteen times as long.) Nothing here knows of an end that
/// does not fill a vector: a call for it, never made, keeps a rule's constants out of registers and halves its speed.
/// </summary>
internal static class Lanes
{
    public static int Count => Vector<float>.Count;

    /// <summary>Not checked: <paramref name="start"/> and the lanes behind it must lie within.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> values, int start) =>
        Vector.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);

    /// <summary>Not checked, as <see cref="Load"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Span<float> values, int start, Vector<float> lanes) =>
        lanes.StoreUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);
}
