using System.Collections.Immutable;
using DistMtl.Protocol;

namespace DistMtl.Aggregation;

/// <summary>A range of the flat parameters.</summary>
/// <param name="IsShared">Whether all tasks use it, or each element one task alone.</param>
public readonly record struct ParameterSlice(int Index, int Offset, int Length, bool IsShared)
{
    public int End => Offset + Length;
}

/// <summary>
/// The flat parameters cut into slices: a function of the layout alone, never of the number of servers or workers. A slice
/// is the unit of everything: one frame, one reduction tree, one partial Gramian, one fused update, one server's ownership.
/// </summary>
public sealed class ParameterSlices
{
    /// <summary>256 KiB of parameters, which the second-level cache of a core holds with an optimiser's state.</summary>
    public const int MaxLength = 1 << 16;

    /// <summary>More than that are of no use.</summary>
    public const int MaxServers = 64;

    private const int Alignment = 16;

    private readonly ImmutableArray<ParameterSlice> _slices;

    private ParameterSlices(ImmutableArray<ParameterSlice> slices) => _slices = slices;

    public int Count => _slices.Length;

    public ParameterSlice this[int index] => _slices[index];

    public ImmutableArray<ParameterSlice> All => _slices;

    public static ParameterSlices Of(ParameterLayout layout)
    {
        var slices = ImmutableArray.CreateBuilder<ParameterSlice>();
        Cut(0, layout.SharedLength, isShared: true);
        Cut(layout.SharedLength, layout.Length, isShared: false);
        return new ParameterSlices(slices.DrainToImmutable());

        // As even as can be: a last slice of a few elements would cost a frame of its own.
        void Cut(int start, int end, bool isShared)
        {
            var parts = (end - start + MaxLength - 1) / MaxLength;
            for (var part = 0; part < parts; part++)
            {
                var (from, to) = (Place(part), Place(part + 1));
                slices.Add(new ParameterSlice(slices.Count, start + from, to - from, isShared));
            }

            int Place(int part) => part == parts ? end - start : (int)((long)(end - start) * part / parts / Alignment * Alignment);
        }
    }

    /// <summary>Servers own runs of slices as even as can be; where there are more servers than slices, some own none.</summary>
    public int ServerOf(int slice, int servers) => (int)((long)slice * servers / _slices.Length);

    public IEnumerable<ParameterSlice> OwnedBy(int server, int servers) => _slices.Where(slice => ServerOf(slice.Index, servers) == server);

    /// <summary>Where the gradient of a slice lies in the buffer of a whole gradient: T segments, or one.</summary>
    public IReadOnlyList<(int Offset, int Length)> Segments(GradientShape shape, int slice)
    {
        var (_, offset, length, isShared) = _slices[slice];
        return !shape.IsPerTask ? [(offset, length)]
            : isShared ? [.. Enumerable.Range(0, shape.Tasks).Select(task => (task * shape.SharedLength + offset, length))]
            : [(shape.Length - shape.ParameterLength + offset, length)];
    }

    /// <summary>Numbers of a slice's gradient: T rows of a shared one where one gradient of every task travels.</summary>
    public int GradientLength(GradientShape shape, int slice) => _slices[slice].Length * (shape.IsPerTask && _slices[slice].IsShared ? shape.Tasks : 1);
}
