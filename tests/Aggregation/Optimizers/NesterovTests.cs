using System.Collections.Immutable;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Optimizers;

public sealed class NesterovTests
{
    private const int Length = 37;

    /// <summary>torch.optim.SGD(lr=0.7, momentum=0.9, nesterov=True) in double, written out.</summary>
    [Fact]
    public void A_round_is_a_step_of_PyTorchs_SGD_with_Nesterovs_momentum()
    {
        var outer = Outer(0.7, 0.9);
        var parameters = Values(0);
        double[] expected = [.. parameters.Select(value => (double)value)];
        var buffer = new double[Length];
        for (var round = 1; round <= 6; round++)
        {
            var gradients = Values(round);
            outer.Step(parameters, gradients);
            for (var i = 0; i < Length; i++)
            {
                buffer[i] = 0.9 * buffer[i] + gradients[i];
                expected[i] -= 0.7 * (gradients[i] + 0.9 * buffer[i]);
                Assert.Equal(expected[i], parameters[i], 1e-5);
                Assert.Equal(buffer[i], outer.State["momentum_buffer"][i], 1e-5);
            }
        }
    }

    [Fact]
    public void Rate_one_without_momentum_is_plain_averaging()
    {
        var outer = Outer(1, 0);
        var parameters = Values(0);
        var average = Values(1);
        outer.Step(parameters, [.. parameters.Zip(average, (before, after) => before - after)]);
        for (var i = 0; i < Length; i++)
            Assert.Equal(average[i], parameters[i], 1e-6f);
    }

    [Fact]
    public void What_is_frozen_stays_and_what_has_a_rate_of_its_own_moves_by_the_outer_one()
    {
        ImmutableArray<ParameterSegment> segments = [new(0, 1, 0.001, 0.1), new(1, 1, 0, 0), new(2, 1, 5, 0)];
        var outer = Optimizer.CreateOuter(new OuterSettings(0.5, 0), segments);
        float[] parameters = [1, 1, 1];
        outer.Step(parameters, [1, 1, 1]);
        Assert.Equal([0.5f, 1, 0.5f], parameters);
    }

    private static Optimizer Outer(double rate, double momentum) =>
        Optimizer.CreateOuter(new OuterSettings(rate, momentum), [new ParameterSegment(0, Length, 0.001, 0)]);

    private static float[] Values(int seed)
    {
        var random = new StableRandom((ulong)seed);
        return [.. Enumerable.Range(0, Length).Select(_ => (float)random.NextNormal())];
    }
}
