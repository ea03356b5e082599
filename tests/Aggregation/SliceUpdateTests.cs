using CsCheck;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests;

public sealed class SliceUpdateTests
{
    public static TheoryData<OptimizerKind> Kinds => [.. Enum.GetValues<OptimizerKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Slices_give_the_bits_of_the_passes_over_whole_buffers(OptimizerKind kind) =>
        Gen.Select(SliceCase.Any, Gen.OneOf(Gen.Const(1f), Gen.Const(0.37f)), Gen.Int[1, 3]).Sample((any, clip, servers) =>
        {
            var step = new SliceCase(any.Seed, any.Tasks, any.PerTask, kind);
            var (expected, optimizer) = (step.Parameters_P.ToArray(), Optimizer.Create(step.Settings, step.Segments));
            var (actual, owners) = (step.Parameters_P.ToArray(), Owners(step, servers));
            var clipped_P = Array.ConvertAll(step.Update_P, gradient => clip == 1 ? gradient : gradient * clip);
            foreach (var factor in new[] { 1, 0.5 })
            {
                optimizer.Step(expected, clipped_P, factor);
                foreach (var owner in owners)
                    owner.Step(step, clip, factor, actual);
            }
            SliceCase.AssertSameBits(expected, actual);
            foreach (var (name, values_P) in optimizer.State)
                SliceCase.AssertSameBits(values_P, owners.SelectMany(owner => owner.Optimizer.State[name]).ToArray());
        }, iter: 12, threads: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Threads_leave_no_trace_in_the_bits(int threads)
    {
        var step = Enumerable.Range(0, 100).Select(seed => new SliceCase((ulong)seed, tasks: 4, perTask: true)).First(step => step.Slices.Count > 6);
        var (expected, reference) = (step.Parameters_P.ToArray(), Optimizer.Create(step.Settings, step.Segments));
        reference.Step(expected, step.Update_P);

        var (actual, optimizer) = (step.Parameters_P.ToArray(), Optimizer.Create(step.Settings, step.Segments));
        var update = new SliceUpdate(step.Slices, step.Shape, optimizer);
        optimizer.BeginStep();
        SliceThreads.ForEach(step.Slices.Count, slice => update.Apply(slice, step.Sum(slice), step.Coefficients, 1, actual), threads);
        SliceCase.AssertSameBits(expected, actual);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var step = new SliceCase(seed: 1, tasks: 2, perTask: true);
        var update = new SliceUpdate(step.Slices, step.Shape, Optimizer.Create(step.Settings, step.Segments));
        var parameters_P = step.Parameters_P.ToArray();
        Assert.Throws<ArgumentException>(() => update.Apply(0, new SliceSum(new float[3]), step.Coefficients, 1, parameters_P));
        Assert.Throws<ArgumentException>(() => update.Apply(0, step.Sum(0) with { Right = new float[3] }, step.Coefficients, 1, parameters_P));
        Assert.Throws<ArgumentException>(() => update.Apply(0, step.Sum(0), null, 1, parameters_P));
        Assert.Throws<ArgumentException>(() => update.Apply(0, step.Sum(0), new TaskCoefficients([1], [1]), 1, parameters_P));
        Assert.Throws<ArgumentException>(() => new TaskCoefficients([1], [1, 2]));
    }

    private static List<Owner> Owners(SliceCase step, int servers) =>
        [.. Enumerable.Range(0, servers).Select(server => step.Slices.OwnedBy(server, servers).ToList()).Where(owned => owned.Count > 0).Select(owned => new Owner(step, owned))];

    /// <summary>A server with memory for its own slices alone.</summary>
    private sealed class Owner(SliceCase step, List<ParameterSlice> owned)
    {
        private readonly int _start = owned[0].Offset;
        private readonly int _length = owned[^1].End - owned[0].Offset;

        public Optimizer Optimizer { get; } = Optimizer.Create(step.Settings, ParameterSegment.OfRange(step.Segments, owned[0].Offset, owned[^1].End - owned[0].Offset));

        public void Step(SliceCase step, float clip, double factor, float[] parameters_P)
        {
            var update = new SliceUpdate(step.Slices, step.Shape, Optimizer, _start);
            Optimizer.BeginStep(factor);
            foreach (var slice in owned)
                update.Apply(slice.Index, step.Sum(slice.Index), step.Coefficients, clip, parameters_P.AsSpan(_start, _length));
        }
    }
}
